// The map from elsewhere in the shape of this one: channel c is its c % C, places are found bilinearly.

vec4 other_pixel(int tile, ivec2 q) {
    ivec4 shape = input_shape(OTHER);
    int tiles = (shape.x + 3) / 4;
    // Whole tiles come around again; else each lane may be of another.
    if (shape.x == u_shape.x || shape.x % 4 == 0) return other(tile - quotient(tile, tiles) * tiles, q);
    vec4 value = vec4(0.0);
    for (int lane = 0; lane < 4; lane++) {
        int channel = (tile * 4 + lane) % shape.x;
        value[lane] = other(channel / 4, q)[channel % 4];
    }
    return value;
}

vec4 other_at(int tile, ivec2 p) {
    ivec4 shape = input_shape(OTHER);
    if (shape.yz == u_shape.yz) return other_pixel(tile, p);
    vec2 at = max((vec2(p) + 0.5) * vec2(shape.zy) / vec2(u_shape.zy) - 0.5, vec2(0.0));
    ivec2 near = min(ivec2(at), shape.zy - 1);
    ivec2 far = min(near + 1, shape.zy - 1);
    vec2 part = at - vec2(near);
    return mix(mix(other_pixel(tile, near), other_pixel(tile, ivec2(far.x, near.y)), part.x),
               mix(other_pixel(tile, ivec2(near.x, far.y)), other_pixel(tile, far), part.x), part.y);
}
