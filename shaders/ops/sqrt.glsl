vec4 texel(int tile, ivec2 p) {
    vec4 x = read0(tile, p);
    // GLSL leaves the root of a negative number open.
    return mix(sqrt(abs(x)), uintBitsToFloat(uvec4(0x7fc00000u)), lessThan(x, vec4(0.0)));
}
