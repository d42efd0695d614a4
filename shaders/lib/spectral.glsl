// A map filtered by frequencies: its rows have been, and columns follow.

vec4 passed(int which, int tile, ivec2 p) {
    vec4 sum = vec4(0.0);
    for (int y = 0; y < u_shape.y; y++) {
        int from = p.y - y;
        sum += scratch(2 + which, tile, ivec2(p.x, y)) * scratch(1, 0, ivec2(0, from < 0 ? from + u_shape.y : from))[which];
    }
    return sum;
}
