// Resizing along one axis, looked at from behind: how large a part pixel q has in pixel p of what was made.
#include "lib/resize_weights.glsl"

float share(int p, int q, int side, int made, int axis) {
    ivec3 at = place(p, side, made, axis);
#if defined(MODE_NEAREST)
    return float(clamp(rounded(at), 0, side - 1) == q);
#else
    ivec2 n = pace(side, made, axis);
    int far = reach(n);
    // Only the outermost pixels have parts in what lies far from them.
    if (q > 0 && q < side - 1 && abs(at.x - q) > far) return 0.0;
    float mine = 0.0, all = 0.0;
    for (int tap = 1 - far; tap <= far; tap++) {
        float by = weight(tap, at, n, side);
        all += by;
        if (clamp(at.x + tap, 0, side - 1) == q) mine += by;
    }
    return mine / all;
#endif
}
