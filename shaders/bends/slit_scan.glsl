vec4 aged(int k, int tile, ivec2 p) { return k == 0 ? read0(tile, p) : past(k - 1, tile, p); }

vec4 bent(int tile, ivec2 p) {
#if defined(AXIS_ROWS)
    float age = (float(p.y) + 0.5) / float(u_shape.y) * float(SLITS);
#else
    float age = (float(p.x) + 0.5) / float(u_shape.z) * float(SLITS);
#endif
    int near = int(age);
    float part = age - float(near);
    vec4 value = aged(near, tile, p) * (1.0 - part);
    return part > 0.0 ? value + aged(near + 1, tile, p) * part : value;
}
