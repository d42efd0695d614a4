// One step of every weight of a tensor: what moves it is in a file of its own. A rate of 0 keeps a weight as it is; a pull brings
// it some way nearer to another.
#if RATED
uniform sampler2D u_rates;
#endif
#if PULLED
uniform sampler2D u_strength, u_target;
#endif
uniform sampler2D u_grad;

void step_of(inout vec4 weight, inout vec4 first, inout vec4 second, ivec2 at) {
    vec4 before = weight;
    weight = moved(weight, first, second, texelFetch(u_grad, at, 0) * u_scale);
#if RATED
    vec4 rate = texelFetch(u_rates, at, 0);
    weight = mix(before + (weight - before) * rate, weight, equal(rate, vec4(1.0)));
    weight = mix(weight, before, equal(rate, vec4(0.0)));
#endif
#if PULLED
    // Drivers' own interpolation need not end where it should.
    vec4 strength = texelFetch(u_strength, at, 0), target = texelFetch(u_target, at, 0);
    vec4 drawn = mix(mix(weight, target, strength), target, equal(strength, vec4(1.0)));
    weight = mix(weight, drawn, greaterThan(strength, vec4(0.0)));
#endif
}
