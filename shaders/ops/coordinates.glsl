vec4 texel(int tile, ivec2 p) {
#if defined(AXIS_HEIGHT)
    int at = p.y, count = u_shape.y;
#else
    int at = p.x, count = u_shape.z;
#endif
#if defined(PER_SIDE)
    float by = float(count);
#elif defined(PER_GAP)
    float by = float(max(count - 1, 1));
#else
    float by = 1.0;
#endif
    return vec4(START + STEP * (float(at) + OFFSET) / by);
}
