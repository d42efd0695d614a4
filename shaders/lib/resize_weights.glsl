// How many output pixels come to how many input pixels: a fraction, or the two sizes.
ivec2 pace(int side, int made, int axis) {
#if defined(FACTOR_H)
    return axis == 0 ? ivec2(FACTOR_H, OVER_H) : ivec2(FACTOR_W, OVER_W);
#else
    return ivec2(made, side);
#endif
}

// Where output pixel p lies along one axis: the whole input pixels, the part of one, and over what that part is.
ivec3 place(int p, int side, int made, int axis) {
    ivec2 n = pace(side, made, axis);
    ivec3 line;  // (p * x + y) / z
#if defined(AT_ASYMMETRIC)
    line = ivec3(n.y, 0, n.x);
#elif defined(AT_ALIGN_CORNERS)
    line = ivec3(side - 1, 0, made - 1);
#if defined(FACTOR_H)
    line = side * n.x % n.y == 0 ? ivec3(side - 1, 0, side * n.x / n.y - 1)
                                 : ivec3((side - 1) * n.y, 0, side * n.x - n.y);
#endif
    if (line.z <= 0) line = ivec3(0, 0, 1);
#else
    line = ivec3(2 * n.y, n.y - n.x, 2 * n.x);
#if defined(AT_TF_HALF_PIXEL)
    line.y = n.y;
#elif defined(AT_HALF_PIXEL_SYMMETRIC)
    line.y += side * n.x - made * n.y;
#elif defined(AT_PYTORCH_HALF_PIXEL)
    if (made == 1) line = ivec3(0, 0, 1);
#endif
#endif
    int at = p * line.x + line.y;
    int whole = at >= 0 ? at / line.z : -((line.z - 1 - at) / line.z);
    return ivec3(whole, at - whole * line.z, line.z);
}

#if defined(MODE_NEAREST)
int rounded(ivec3 at) {
#if defined(BY_FLOOR)
    return at.x;
#elif defined(BY_CEIL)
    return at.x + int(at.y > 0);
#elif defined(BY_ROUND_PREFER_FLOOR)
    return at.x + int(2 * at.y > at.z);
#else
    return at.x + int(2 * at.y >= at.z);
#endif
}

#else
#if defined(MODE_BILINEAR)
#define SUPPORT 1
float curve(float x) {
    return max(1.0 - x, 0.0);
}
#else
#define SUPPORT 2
float curve(float x) {
    float near = ((CUBIC_A + 2.0) * x - (CUBIC_A + 3.0)) * x * x + 1.0;
    float far = ((CUBIC_A * x - 5.0 * CUBIC_A) * x + 8.0 * CUBIC_A) * x - 4.0 * CUBIC_A;
    return x <= 1.0 ? near : x < 2.0 ? far : 0.0;
}
#endif

// How far the kernel reaches, in input pixels, on a map that shrinks by this pace.
int reach(ivec2 n) {
    return ANTIALIAS == 1 && n.x < n.y ? (SUPPORT * n.y + n.x - 1) / n.x : SUPPORT;
}

float weight(int tap, ivec3 at, ivec2 n, int side) {
    int q = at.x + tap;
    if (EXCLUDE_OUTSIDE == 1 && (q < 0 || q >= side)) return 0.0;
    float shrink = ANTIALIAS == 1 ? min(float(n.x) / float(n.y), 1.0) : 1.0;
    return curve(abs(float(tap) - float(at.y) / float(at.z)) * shrink);
}
#endif
