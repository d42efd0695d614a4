bool source(inout ivec2 q) {
    return inside(q, u_shape0);
}

vec4 input_value(int tile, ivec2 q) {
    return read0(tile, q);
}
