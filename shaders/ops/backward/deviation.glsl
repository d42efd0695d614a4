// See ops/group_norm.glsl, whose passes come before.
vec4 texel(int tile, ivec2 p) {
    vec4 rest = read(INPUTS - 1, tile, ivec2(0));
    vec4 variance = max(read(INPUTS - 1, tile, ivec2(1, 0)) - rest * rest, vec4(0.0));
    return 1.0 / sqrt(variance + EPS);
}
