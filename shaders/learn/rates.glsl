// How far a step goes, and what gradients are multiplied by first.
uniform float u_rate, u_scale;
