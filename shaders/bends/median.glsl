// Forgetful selection: of a few more than half of the values the smallest and the largest are none of the middle ones,
// so that they are forgotten, and the next value takes their place.
#define SIDE (2 * RADIUS + 1)
#define COUNT (SIDE * SIDE)
#define HELD (COUNT / 2 + 2)

vec4 value_at(int tile, ivec2 p, int k) {
    return read0(tile, clamp(p + ivec2(k % SIDE, k / SIDE) - RADIUS, ivec2(0), u_shape.zy - 1));
}

vec4 bent(int tile, ivec2 p) {
    vec4 held[HELD];
    for (int k = 0; k < HELD; k++) held[k] = value_at(tile, p, k);
    int count = HELD;
    for (int next = HELD; count > 1; next++) {
        for (int k = 1; k < count; k++) {  // the smallest comes to the front
            vec4 low = min(held[0], held[k]);
            held[k] = max(held[0], held[k]);
            held[0] = low;
        }
        for (int k = 1; k < count - 1; k++) {  // the largest to the end
            vec4 high = max(held[k], held[count - 1]);
            held[k] = min(held[k], held[count - 1]);
            held[count - 1] = high;
        }
        if (next < COUNT) {
            held[0] = value_at(tile, p, next);
            count -= 1;
        } else {
            held[0] = held[count - 2];
            count -= 2;
        }
    }
    return held[0];
}
