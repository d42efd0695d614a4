const ivec2 FACTOR = ivec2(SCALE_FACTOR_W, SCALE_FACTOR_H);

vec4 texel(int tile, ivec2 p) {
#ifdef MODE_NEAREST
    return read0(tile, p / FACTOR);
#else
#if ALIGN_CORNERS
    vec2 at = vec2(p) * vec2(u_shape0.zy - 1) / vec2(max(u_shape.zy - 1, ivec2(1)));
#else
    vec2 at = max((vec2(p) + 0.5) / vec2(FACTOR) - 0.5, vec2(0.0));
#endif
    ivec2 near = min(ivec2(at), u_shape0.zy - 1);
    ivec2 far = min(near + 1, u_shape0.zy - 1);
    vec2 part = at - vec2(near);
    return mix(mix(read0(tile, near), read0(tile, ivec2(far.x, near.y)), part.x),
               mix(read0(tile, ivec2(near.x, far.y)), read0(tile, far), part.x), part.y);
#endif
}
