vec4 at(int tile, ivec2 p) { return read0(tile, clamp(p, ivec2(0), u_shape.zy - 1)); }

vec4 bent(int tile, ivec2 p) {
    vec4 across = (at(tile, p + ivec2(1, 0)) - at(tile, p - ivec2(1, 0))) * 0.5;
    vec4 down = (at(tile, p + ivec2(0, 1)) - at(tile, p - ivec2(0, 1))) * 0.5;
    return sqrt(across * across + down * down) * GAIN;
}
