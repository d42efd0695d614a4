// Along one axis, the places of the bordered map that hold pixel q: a range of those around its own, and two others.
struct Places {
    int first, last, before, after;
};

Places places(int q, int size, int border, int behind) {
    int own = q + border;
#ifdef MODE_REFLECT
    int before = q >= 1 && q <= border ? border - q : -1;
    int after = q < size - 1 && q >= size - 1 - behind ? border + 2 * (size - 1) - q : -1;
    return Places(own, own, before, after);
#elif defined(MODE_SYMMETRIC)
    return Places(own, own, q < border ? border - 1 - q : -1, q >= size - behind ? border + 2 * size - 1 - q : -1);
#elif defined(MODE_CIRCULAR)
    return Places(own, own, q >= size - border ? own - size : -1, q < behind ? own + size : -1);
#else
    return Places(q == 0 ? 0 : own, q == size - 1 ? size + border + behind - 1 : own, -1, -1);
#endif
}

vec4 row(int tile, int y, Places across) {
    vec4 sum = vec4(0.0);
    for (int x = across.first; x <= across.last; x++) sum += read0(tile, ivec2(x, y));
    if (across.before >= 0) sum += read0(tile, ivec2(across.before, y));
    if (across.after >= 0) sum += read0(tile, ivec2(across.after, y));
    return sum;
}

vec4 texel(int tile, ivec2 p) {
    Places across = places(p.x, u_shape.z, LEFT, RIGHT), down = places(p.y, u_shape.y, TOP, BOTTOM);
    vec4 sum = vec4(0.0);
    for (int y = down.first; y <= down.last; y++) sum += row(tile, y, across);
    if (down.before >= 0) sum += row(tile, down.before, across);
    if (down.after >= 0) sum += row(tile, down.after, across);
    return sum;
}
