vec4 texel(int tile, ivec2 p) {
    vec4 x = read0(tile, p);
#if defined(HOW_FLOOR)
    return floor(x);
#elif defined(HOW_CEIL)
    return ceil(x);
#elif defined(HOW_TRUNC)
    return trunc(x);
#else
    return roundEven(x);
#endif
}
