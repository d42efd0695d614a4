// The same for all bends: what a bend makes is held to the guard and mixed with what it was, by amount, channel and mask.
#include "lib/nan.glsl"

#if MASK != 0
// Of the mask, which is at most as large as the map: between the centres of its pixels, as PyTorch's bilinear resizing.
float mask_at(ivec2 p) {
    ivec4 shape = input_shape(MASK_AT);
    vec2 at = max((vec2(p) + 0.5) * vec2(shape.zy) / vec2(u_shape.zy) - 0.5, vec2(0.0));
    ivec2 near = min(ivec2(at), shape.zy - 1);
    ivec2 far = min(near + 1, shape.zy - 1);
    vec2 part = at - vec2(near);
    return mix(mix(read(MASK_AT, 0, near).x, read(MASK_AT, 0, ivec2(far.x, near.y)).x, part.x),
               mix(read(MASK_AT, 0, ivec2(near.x, far.y)).x, read(MASK_AT, 0, far).x, part.x), part.y);
}
#endif

vec4 held(int tile, vec4 value) {
#ifdef GUARD_NONE
    return value;
#else
    value = mix(value, vec4(0.0), is_not_finite(value));
#ifdef GUARD_DEVIATION
    vec4 mean = read(MOMENTS_AT, tile, ivec2(0)), square = read(MOMENTS_AT, tile, ivec2(1, 0));
#ifndef AT_ONCE
    square = max(square - mean * mean, vec4(0.0));
    mean += read(MEAN_AT, tile, ivec2(0));
#endif
    vec4 reach = GUARD_TIMES * sqrt(square);
    vec4 within = min(max(value, mean - reach), mean + reach);
    value = mix(within, value, is_not_finite(mean + reach));
#endif
#ifdef GUARD_NORM
    vec4 scale = sqrt(read(SQUARES_AT, tile, ivec2(0)) / read(BENT_SQUARES_AT, tile, ivec2(0)));
    value = mix(value * scale, value, is_not_finite(scale));
#endif
    return value;
#endif
}

vec4 share_at(int tile, ivec2 p) {
    vec4 share = vectors(0, tile) * AMOUNT;
#if MASK != 0
    share *= mask_at(p);
#endif
    return share;
}

// Neither side may spoil what it has no share in; what was there is read only where it has one.
vec4 mixed(int tile, ivec2 p, vec4 value, vec4 share) {
    if (all(equal(share, vec4(1.0)))) return value;
    vec4 was = read0(tile, p), both = was * (1.0 - share) + value * share;
    return mix(mix(both, value, equal(share, vec4(1.0))), was, equal(share, vec4(0.0)));
}

#ifdef SPAN
void texel_span(int tile, ivec2 p, out vec4 found[SPAN]) {
    bent_span(tile, p, found);
    for (int k = 0; k < SPAN; k++) {
        // What lies beyond the edge is written nowhere.
        ivec2 at = min(p + ivec2(SPAN_X, SPAN_Y) * k, u_shape.zy - 1);
#if SPAN_TILES
        int t = min(tile + k, (u_shape.x - 1) / 4);
#else
        int t = tile;
#endif
        found[k] = mixed(t, at, held(t, found[k]), share_at(t, at));
    }
}
#else
vec4 texel(int tile, ivec2 p) {
    vec4 share = share_at(tile, p);
    if (all(equal(share, vec4(0.0)))) return read0(tile, p);
#ifdef BENT_AT
    return mixed(tile, p, held(tile, read(BENT_AT, tile, p)), share);
#else
    return mixed(tile, p, held(tile, bent(tile, p)), share);
#endif
}
#endif
