vec4 texel(int tile, ivec2 p) {
#if defined(WHAT_HEIGHT)
    return vec4(u_shape0.y);
#elif defined(WHAT_WIDTH)
    return vec4(u_shape0.z);
#else
    return vec4(u_shape0.y * u_shape0.z);
#endif
}
