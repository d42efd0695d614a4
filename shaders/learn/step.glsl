// One step of every weight of a tensor: what moves it is in a file of its own. A rate of 0 keeps a weight as it is.
vec4 rated(vec4 weight, vec4 before, vec4 rate) {
    vec4 part = mix(before + (weight - before) * rate, weight, equal(rate, vec4(1.0)));
    return mix(part, before, equal(rate, vec4(0.0)));
}

void step_of(inout vec4 weight, inout vec4 first, inout vec4 second, vec4 grad, vec4 rate) {
    vec4 before = weight;
    weight = rated(moved(weight, first, second, grad * u_scale), before, rate);
}
