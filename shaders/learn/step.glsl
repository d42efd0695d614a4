// What a step heeds besides the rule that moves a weight, which is in a file of its own. A rate of 0 keeps a weight as it is; a
// pull brings it some way nearer to another.
vec4 rated(vec4 before, vec4 weight, vec4 rate) {
    weight = mix(before + (weight - before) * rate, weight, equal(rate, vec4(1.0)));
    return mix(weight, before, equal(rate, vec4(0.0)));
}

vec4 pulled(vec4 weight, vec4 strength, vec4 target) {
    // Drivers' own interpolation need not end where it should.
    vec4 drawn = mix(mix(weight, target, strength), target, equal(strength, vec4(1.0)));
    return mix(weight, drawn, greaterThan(strength, vec4(0.0)));
}
