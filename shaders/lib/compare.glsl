// 1 where a compares so with b, else 0. NaN compares with nothing, so that it only differs.

vec4 compared(vec4 a, vec4 b) {
#if defined(HOW_GT)
    bvec4 holds = greaterThan(a, b);
#elif defined(HOW_GE)
    bvec4 holds = greaterThanEqual(a, b);
#elif defined(HOW_LT)
    bvec4 holds = lessThan(a, b);
#elif defined(HOW_LE)
    bvec4 holds = lessThanEqual(a, b);
#elif defined(HOW_EQ)
    bvec4 holds = equal(a, b);
#else
    bvec4 holds = notEqual(a, b);
#endif
#if defined(HOW_NE)
    vec4 lost = vec4(1.0);
#else
    vec4 lost = vec4(0.0);
#endif
    return mix(mix(vec4(holds), lost, is_nan(a)), lost, is_nan(b));
}
