// How far a step goes, and what gradients are multiplied by first.
#ifndef TOLD
uniform float u_rate, u_scale;
#endif
