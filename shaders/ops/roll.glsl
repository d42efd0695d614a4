// The rest of a division is not defined for negative numbers.
int rolled(int at, int shift, int size) {
    int on = abs(shift) % size;
    return (at + (shift < 0 ? on : size - on)) % size;
}

vec4 texel(int tile, ivec2 p) {
    return read0(tile, ivec2(rolled(p.x, SHIFTS_W, u_shape0.z), rolled(p.y, SHIFTS_H, u_shape0.y)));
}
