package simulate

// Moment is a scenario at one time.
type Moment struct {
	At       float64 `json:"at_s"`
	Waiting  float64 `json:"waiting"`
	Active   float64 `json:"active"`
	Admitted float64 `json:"admitted_per_minute"`
	Polls    float64 `json:"polls_per_second"`
}

// maxMoments is as fine as a plot can show.
const maxMoments = 512

// course keeps a scenario's moments, coarser as it gets longer: each is the
// mean of as many seconds as needed to stay within maxMoments.
type course struct {
	moments []Moment
	seconds int // that each stands for
	sum     Moment
	n       int // in sum
}

func (c *course) add(m Moment) {
	c.seconds = max(c.seconds, 1)
	c.sum = c.sum.plus(m)
	if c.n++; c.n < c.seconds {
		return
	}
	c.moments = append(c.moments, c.sum.over(float64(c.n)))
	c.sum, c.n = Moment{}, 0
	if len(c.moments) < maxMoments {
		return
	}
	half := c.moments[:0]
	for i := 0; i+1 < len(c.moments); i += 2 {
		half = append(half, c.moments[i].plus(c.moments[i+1]).over(2))
	}
	c.moments, c.seconds = half, c.seconds*2
}

func (m Moment) plus(o Moment) Moment {
	return Moment{m.At + o.At, m.Waiting + o.Waiting, m.Active + o.Active, m.Admitted + o.Admitted, m.Polls + o.Polls}
}

func (m Moment) over(n float64) Moment {
	return Moment{m.At / n, m.Waiting / n, m.Active / n, m.Admitted / n, m.Polls / n}
}
