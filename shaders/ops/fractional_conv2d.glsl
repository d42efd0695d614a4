// The picture of its taps is in studio/ops/conv_fractional.py.

#ifdef SAMPLING_LINEAR
const ivec2 FACTOR = ivec2(SCALE_FACTOR_W, SCALE_FACTOR_H);

// Here q is a place in the enlarged input.
bool source(inout ivec2 q) {
    return all(greaterThanEqual(q, ivec2(0))) && all(lessThan(q, u_shape0.zy * FACTOR));
}

vec4 input_value(int tile, ivec2 q) {
    vec2 at = max((vec2(q) + 0.5) / vec2(FACTOR) - 0.5, vec2(0.0));
    ivec2 near = ivec2(at);
    ivec2 far = min(near + 1, u_shape0.zy - 1);
    vec2 part = at - vec2(near);
    return mix(mix(read0(tile, near), read0(tile, ivec2(far.x, near.y)), part.x),
               mix(read0(tile, ivec2(near.x, far.y)), read0(tile, far), part.x), part.y);
}
#else
bool source(inout ivec2 q) {
    return inside(q, u_shape0);
}

vec4 input_value(int tile, ivec2 q) {
    return read0(tile, q);
}
#endif
