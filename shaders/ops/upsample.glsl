// Input pixels per output pixel.
vec2 pace() {
#if ALIGN_CORNERS
    return vec2(u_shape0.zy - 1) / vec2(max(u_shape.zy - 1, ivec2(1)));
#elif defined(STEP_H)
    return vec2(STEP_W, STEP_H);
#else
    return vec2(u_shape0.zy) / vec2(u_shape.zy);
#endif
}

// Where an output pixel's centre lies, in input pixels.
vec2 source(ivec2 p) {
    return ALIGN_CORNERS == 1 ? vec2(p) * pace() : (vec2(p) + 0.5) * pace() - 0.5;
}

vec4 clamped(int tile, ivec2 q) {
    return read0(tile, clamp(q, ivec2(0), u_shape0.zy - 1));
}

#if defined(FACTOR_H)
vec4 texel(int tile, ivec2 p) {
    return read0(tile, p / ivec2(FACTOR_W, FACTOR_H));
}
#elif defined(MODE_NEAREST)
vec4 texel(int tile, ivec2 p) {
    return clamped(tile, ivec2(vec2(p) * pace()));
}
#elif defined(MODE_BILINEAR)
vec4 texel(int tile, ivec2 p) {
    vec2 at = max(source(p), vec2(0.0));
    ivec2 near = min(ivec2(at), u_shape0.zy - 1);
    ivec2 far = min(near + 1, u_shape0.zy - 1);
    vec2 part = at - vec2(near);
    return mix(mix(read0(tile, near), read0(tile, ivec2(far.x, near.y)), part.x),
               mix(read0(tile, ivec2(near.x, far.y)), read0(tile, far), part.x), part.y);
}
#else
// Weights of the four pixels around a place that lies `part` after the second; a = -0.75.
vec4 cubic(float part) {
    vec4 far = vec4(part + 1.0, part, 1.0 - part, 2.0 - part);
    vec4 inner = (1.25 * far - 2.25) * far * far + 1.0;
    vec4 outer = ((-0.75 * far + 3.75) * far - 6.0) * far + 3.0;
    return vec4(outer.x, inner.y, inner.z, outer.w);
}

vec4 texel(int tile, ivec2 p) {
    vec2 at = source(p);
    ivec2 near = ivec2(floor(at));
    vec4 across = cubic(at.x - float(near.x)), down = cubic(at.y - float(near.y));
    vec4 sum = vec4(0.0);
    for (int y = 0; y < 4; y++) {
        vec4 row = vec4(0.0);
        for (int x = 0; x < 4; x++) row += across[x] * clamped(tile, near + ivec2(x, y) - 1);
        sum += down[y] * row;
    }
    return sum;
}
#endif
