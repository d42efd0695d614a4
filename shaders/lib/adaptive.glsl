// The window of adaptive pooling behind a place of the output, in the last map that is read. Rows and columns are
// pooled in passes of their own, so that no texel visits a whole map.

#define LAST (INPUTS - 1)

void window(ivec2 p, out ivec2 from, out ivec2 to) {
    ivec2 size = input_shape(LAST).zy, count = u_shape.zy;
    from = p * size / count;
    to = ((p + 1) * size + count - 1) / count;
}

vec4 window_mean(int tile, ivec2 p) {
    ivec2 from, to;
    window(p, from, to);
    vec4 sum = vec4(0.0);
    for (int y = from.y; y < to.y; y++) {
        for (int x = from.x; x < to.x; x++) sum += read(LAST, tile, ivec2(x, y));
    }
    return sum / float((to.x - from.x) * (to.y - from.y));
}
