// The first map beyond its border as in a mirror, the edge's pixels not repeated.

int mirrored(int q, int size) {
    int period = max(2 * size - 2, 1);
    q = abs(q);
    q -= quotient(q, period) * period;
    return min(q < size ? q : period - q, size - 1);
}

vec4 mirrored_pixel(int tile, ivec2 p) {
    return read0(tile, ivec2(mirrored(p.x, u_shape0.z), mirrored(p.y, u_shape0.y)));
}
