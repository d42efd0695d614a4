// The values of an atlas (or, with one channel, of a filter sheet) in a row, and what becomes of each.

#define BINS 64

#ifdef COMPUTE
layout(binding = 0) uniform sampler2D u_values;
layout(std140, binding = 0) uniform Told { ivec4 u_shape; };
#else
uniform sampler2D u_values;
uniform ivec4 u_shape;
#endif

int value_count() {
    ivec2 size = textureSize(u_values, 0);
    return size.x * size.y;
}

// Four values and which of them count.
vec4 values_at(int i, out bvec4 live) {
    ivec2 size = textureSize(u_values, 0);
    ivec2 at = ivec2(i % size.x, i / size.x);
    ivec2 cell = at / u_shape.zy;
    live = live_lanes(u_shape, cell.y * u_shape.w + cell.x);
    return texelFetch(u_values, at, 0);
}

// By their bits: a compiler may assume that floats are finite.
bool is_nan(float x) { return (floatBitsToUint(x) & 0x7fffffffu) > 0x7f800000u; }
bool is_infinite(float x) { return (floatBitsToUint(x) & 0x7fffffffu) == 0x7f800000u; }

// A 256th of a large float, by its bits: compilers take x * k - y * k for (x - y) * k, which overflows, and the
// reciprocal of a range near the largest float underflows.
float shrunk(float x) { return abs(x) > 1e-30 ? uintBitsToFloat(floatBitsToUint(x) - 0x04000000u) : 0.0; }

int bin_of(float x, float lo, float hi) {
    if (max(abs(lo), abs(hi)) > 1e37) {  // the range may be past the largest float
        x = shrunk(x);
        lo = shrunk(lo);
        hi = shrunk(hi);
    }
    return hi > lo ? clamp(int((x - lo) / (hi - lo) * float(BINS)), 0, BINS - 1) : 0;
}

struct Summary {
    float minimum, maximum, sum;
    uint finite, nan, infinite;
};

Summary nothing() {
    return Summary(FLOAT_MAX, -FLOAT_MAX, 0.0, 0u, 0u, 0u);
}

void add_value(inout Summary s, float x) {
    if (is_nan(x)) { s.nan++; return; }
    if (is_infinite(x)) { s.infinite++; return; }
    s.minimum = min(s.minimum, x);
    s.maximum = max(s.maximum, x);
    s.sum += x;
    s.finite++;
}

Summary joined(Summary a, Summary b) {
    return Summary(min(a.minimum, b.minimum), max(a.maximum, b.maximum), a.sum + b.sum,
                   a.finite + b.finite, a.nan + b.nan, a.infinite + b.infinite);
}
