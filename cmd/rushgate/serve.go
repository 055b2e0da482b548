package main

type serve struct {
	Config string `required:"" fromenv:"RUSHGATE_CONFIG" placeholder:"FILE" help:"Operator's file (RUSHGATE_CONFIG)."`
	overrides
}

func (serve) Help() string {
	return `A flag wins over its environment variable, which wins over the file. Passwords come
from the file or from RUSHGATE_REDIS_PASSWORD and RUSHGATE_SENTINEL_PASSWORD.

Example:

    rushgate check rushgate.yaml
    rushgate serve --config rushgate.yaml`
}

// Run validates everything before it starts anything.
func (s serve) Run(a *app) error {
	s.redisPassword, s.sentinelPassword = a.getenv("RUSHGATE_REDIS_PASSWORD"), a.getenv("RUSHGATE_SENTINEL_PASSWORD")
	config, err := loadConfig(s.Config, s.overrides)
	if err != nil {
		return err
	}
	_ = config
	return nil
}
