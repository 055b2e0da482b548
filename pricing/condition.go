package pricing

import (
	"fmt"

	"cel.dev/cel-go/cel"
)

const (
	maxExpression = 500  // characters
	maxCost       = 1000 // of one evaluation, in CEL's own units: about one per operation
)

// Variable is a name that conditions may use.
type Variable struct {
	Name string
	Type *cel.Type
	Says string
}

// Variables are all that conditions may use; there is none for who asks.
func Variables() []Variable {
	return []Variable{
		{"waiting", cel.IntType, "visitors in the line"},
		{"active", cel.IntType, "visitors in the shop"},
		{"sold", cel.IntType, "tickets sold, of all tiers"},
		{"held", cel.IntType, "tickets in baskets, of all tiers"},
		{"remaining", cel.IntType, "tickets that can be had, of all tiers"},
		{"tier_sold", cel.IntType, "tickets sold, of this tier"},
		{"tier_held", cel.IntType, "tickets in baskets, of this tier"},
		{"tier_remaining", cel.IntType, "tickets that can be had, of this tier"},
		{string(DemandRatio), cel.DoubleType, "waiting / remaining"},
		{string(SellThrough), cel.DoubleType, "(sold + held) / all tickets, 0 to 1"},
		{string(TierSellThrough), cel.DoubleType, "the same of this tier"},
		{string(TimeToStart), cel.DurationType, "until event_start_time; 0 from then on"},
		{string(TimeOnSale), cel.DurationType, "since event_start_time; 0 before"},
	}
}

// environment is what all conditions are compiled in.
func environment() (*cel.Env, error) {
	options := []cel.EnvOption{
		cel.ClearMacros(), cel.CrossTypeNumericComparisons(true), cel.DefaultUTCTimeZone(true),
		cel.ParserExpressionSizeLimit(maxExpression), cel.ParserRecursionLimit(50),
	}
	for _, v := range Variables() {
		options = append(options, cel.Variable(v.Name, v.Type))
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		return nil, fmt.Errorf("set up conditions: %w", err)
	}
	return env, nil
}

// compile turns an expression into a program; the error says what is wrong with
// the expression.
func compile(env *cel.Env, expression string) (cel.Program, error) {
	ast, issues := env.Compile(expression)
	if issues.Err() != nil {
		first := issues.Errors()[0]
		return nil, fmt.Errorf("column %d: %s", first.Location.Column()+1, first.Message)
	}
	if ast.OutputType() != cel.BoolType {
		return nil, fmt.Errorf("gives %v: want true or false, as in \"waiting > 1000\"", ast.OutputType())
	}
	return env.Program(ast, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(maxCost))
}

// holds evaluates a condition. An input that is not known, a division by zero or
// an overrun of the cost is an error.
func holds(p cel.Program, f facts) (bool, error) {
	value, _, err := p.Eval(f.cel)
	if err != nil {
		return false, err
	}
	yes, ok := value.Value().(bool)
	if !ok {
		return false, fmt.Errorf("gives %v", value)
	}
	return yes, nil
}
