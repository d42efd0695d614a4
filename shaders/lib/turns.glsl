// What transforms of rows (or columns) have in common: a place along the line, and what their sum is divided by.
#if defined(AXIS_HEIGHT)
#define ALONG(p) (p).y
#define SIDE(shape) (shape).y
#define PLACED(p, at) ivec2((p).x, at)
#else
#define ALONG(p) (p).x
#define SIDE(shape) (shape).z
#define PLACED(p, at) ivec2(at, (p).y)
#endif

// Places are turned by the negative of what frequencies are turned back by.
float share(int count, bool back) {
#if defined(NORM_ORTHO)
    return inversesqrt(float(count));
#elif defined(NORM_FORWARD)
    return back ? 1.0 : 1.0 / float(count);
#else
    return back ? 1.0 / float(count) : 1.0;
#endif
}
