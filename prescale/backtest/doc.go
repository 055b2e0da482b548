// Package backtest holds the forecast of package prescale against traffic that
// really was: the requests per minute to the web site of the 1998 football
// World Cup. It learns on the group stage and forecasts the peak minute of each
// knock-out match an hour, half an hour and ten minutes before kick-off.
//
// The data is no onsale. Here crowds swell within minutes and peak at the final
// whistle; at an onsale they stand there at the opening. What is tested is what
// both share: learning from a few like events, and from how many are there
// already. How people come at an opening is a model in prescale, and nothing
// here says that it is right.
package backtest
