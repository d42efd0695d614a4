// Resizing along one axis, looked at from behind: of `size` pixels it made `count`, of which each went `pace` on.

// How large a part pixel q has in pixel p of what was made.
float share(int p, int q, int size, float pace, int factor) {
#if defined(FACTOR_H)
    return float(p / factor == q);
#elif defined(MODE_NEAREST)
    return float(clamp(int(float(p) * pace), 0, size - 1) == q);
#else
    float at = ALIGN_CORNERS == 1 ? float(p) * pace : (float(p) + 0.5) * pace - 0.5;
#if defined(MODE_BILINEAR)
    at = max(at, 0.0);
    int near = min(int(at), size - 1), far = min(near + 1, size - 1);
    float part = at - float(near);
    return (near == q ? 1.0 - part : 0.0) + (far == q ? part : 0.0);
#else
    int near = int(floor(at));
    float part = at - float(near);
    vec4 far = vec4(part + 1.0, part, 1.0 - part, 2.0 - part);
    vec4 inner = (1.25 * far - 2.25) * far * far + 1.0;
    vec4 outer = ((-0.75 * far + 3.75) * far - 6.0) * far + 3.0;
    vec4 weights = vec4(outer.x, inner.y, inner.z, outer.w);
    float sum = 0.0;
    for (int tap = 0; tap < 4; tap++) sum += clamp(near + tap - 1, 0, size - 1) == q ? weights[tap] : 0.0;
    return sum;
#endif
#endif
}

// The first and last pixel made that q may have a part in; borders repeat, so that the outermost have more.
ivec2 reach(int q, int size, int count, float pace) {
    if (pace <= 0.0) return ivec2(0, count - 1);
    int first = q == 0 ? 0 : int(floor(float(q - 2) / pace)) - 1;
    int last = q == size - 1 ? count - 1 : int(ceil(float(q + 3) / pace)) + 1;
    return ivec2(max(first, 0), min(last, count - 1));
}

float pace_along(int size, int count, float step) {
#if ALIGN_CORNERS
    return float(size - 1) / float(max(count - 1, 1));
#else
    return step > 0.0 ? step : float(size) / float(count);
#endif
}

#if defined(FACTOR_H)
#define FACTOR_OF_H FACTOR_H
#define PACE_W (1.0 / float(FACTOR_W))
#define PACE_H (1.0 / float(FACTOR_H))
#elif defined(STEP_H)
#define FACTOR_W 0
#define FACTOR_OF_H 0
#define PACE_W STEP_W
#define PACE_H STEP_H
#else
#define FACTOR_W 0
#define FACTOR_OF_H 0
#define PACE_W 0.0
#define PACE_H 0.0
#endif
