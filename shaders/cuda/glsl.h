// What bends' bodies use of GLSL, in C++ for CUDA: vectors, their operators, and functions. Swizzles are calls there, which
// studio/engine/cuda/source.py sees to; nothing can be assigned to one, since it would be lost. A texel of a map is four
// channels of a pixel, of which all lie side by side.

// Of the compiler's own names bodies must see none.
namespace glsl {

typedef unsigned int uint;

#undef __VERSION__
#define __VERSION__ 430
#define precise

#define GLSL_OPERATOR(V, op, EACH) \
    friend V operator op(V a, V b) { return EACH(a., op, b.); } \
    friend V operator op(V a, T s) { V b(s); return EACH(a., op, b.); } \
    friend V operator op(T s, V b) { V a(s); return EACH(a., op, b.); } \
    template <class U> V &operator op##=(U b) & { return *this = *this op b; }
#define GLSL_OPERATORS(V, EACH) \
    GLSL_OPERATOR(V, +, EACH) GLSL_OPERATOR(V, -, EACH) GLSL_OPERATOR(V, *, EACH) GLSL_OPERATOR(V, /, EACH) \
    GLSL_OPERATOR(V, %, EACH) GLSL_OPERATOR(V, &, EACH) GLSL_OPERATOR(V, |, EACH) GLSL_OPERATOR(V, ^, EACH) \
    GLSL_OPERATOR(V, <<, EACH) GLSL_OPERATOR(V, >>, EACH) \
    friend V operator-(V a) { return V(T(0)) - a; }

#define GLSL_ONE(a, op, b) v1(a x op b x)
#define GLSL_TWO(a, op, b) v2(a x op b x, a y op b y)
#define GLSL_THREE(a, op, b) v3(a x op b x, a y op b y, a z op b z)
#define GLSL_FOUR(a, op, b) v4(a x op b x, a y op b y, a z op b z, a w op b w)

template <class T> struct v1 {
    T x;
    v1() = default;
    v1(const v1 &) = default;
    v1 &operator=(const v1 &) & = default;
    explicit v1(T s) : x(s) {}
    GLSL_OPERATORS(v1, GLSL_ONE)
};

template <class T> struct v2 {
    T x, y;
    v2() = default;
    v2(const v2 &) = default;
    v2 &operator=(const v2 &) & = default;
    explicit v2(T s) : x(s), y(s) {}
    v2(T x, T y) : x(x), y(y) {}
    template <class U> explicit v2(v2<U> a) : x(T(a.x)), y(T(a.y)) {}
    v2 xy() const { return *this; }
    v2 yx() const { return v2(y, x); }
    T &operator[](int k) & { return (&x)[k]; }
    T operator[](int k) const && { return k == 0 ? x : y; }
    GLSL_OPERATORS(v2, GLSL_TWO)
};

template <class T> struct v3 {
    T x, y, z;
    v3() = default;
    v3(const v3 &) = default;
    v3 &operator=(const v3 &) & = default;
    explicit v3(T s) : x(s), y(s), z(s) {}
    v3(T x, T y, T z) : x(x), y(y), z(z) {}
    v3(v2<T> a, T z) : x(a.x), y(a.y), z(z) {}
    template <class U> explicit v3(v3<U> a) : x(T(a.x)), y(T(a.y)), z(T(a.z)) {}
    v2<T> xy() const { return v2<T>(x, y); }
    v2<T> yx() const { return v2<T>(y, x); }
    v2<T> yz() const { return v2<T>(y, z); }
    v2<T> zy() const { return v2<T>(z, y); }
    GLSL_OPERATORS(v3, GLSL_THREE)
};

template <class T> struct alignas(4 * sizeof(T)) v4 {
    T x, y, z, w;
    v4() = default;
    v4(const v4 &) = default;
    v4 &operator=(const v4 &) & = default;
    explicit v4(T s) : x(s), y(s), z(s), w(s) {}
    v4(T x, T y, T z, T w) : x(x), y(y), z(z), w(w) {}
    v4(v2<T> a, v2<T> b) : x(a.x), y(a.y), z(b.x), w(b.y) {}
    template <class U> explicit v4(v4<U> a) : x(T(a.x)), y(T(a.y)), z(T(a.z)), w(T(a.w)) {}
    v2<T> xy() const { return v2<T>(x, y); }
    v2<T> yz() const { return v2<T>(y, z); }
    v2<T> zy() const { return v2<T>(z, y); }
    v2<T> zw() const { return v2<T>(z, w); }
    v3<T> xyz() const { return v3<T>(x, y, z); }
    v4 xxxx() const { return v4(x); }
    v4 yyyy() const { return v4(y); }
    v4 zzzz() const { return v4(z); }
    v4 wwww() const { return v4(w); }
    T &operator[](int k) & { return (&x)[k]; }
    T operator[](int k) const && { return k == 0 ? x : k == 1 ? y : k == 2 ? z : w; }
    GLSL_OPERATORS(v4, GLSL_FOUR)
};

typedef v1<float> vec1;
typedef v2<float> vec2;
typedef v3<float> vec3;
typedef v4<float> vec4;
typedef v2<int> ivec2;
typedef v3<int> ivec3;
typedef v4<int> ivec4;
typedef v1<uint> uvec1;
typedef v4<uint> uvec4;
typedef v1<bool> bvec1;
typedef v2<bool> bvec2;
typedef v4<bool> bvec4;

// -- of single numbers

inline float min(float a, float b) { return fminf(a, b); }
inline float max(float a, float b) { return fmaxf(a, b); }
inline int min(int a, int b) { return a < b ? a : b; }
inline int max(int a, int b) { return a > b ? a : b; }
inline uint min(uint a, uint b) { return a < b ? a : b; }
inline uint max(uint a, uint b) { return a > b ? a : b; }
inline float abs(float a) { return fabsf(a); }
inline int abs(int a) { return a < 0 ? -a : a; }
inline float floor(float a) { return floorf(a); }
inline float ceil(float a) { return ceilf(a); }
inline float round(float a) { return rintf(a); }
inline float fract(float a) { return a - floorf(a); }
inline float sqrt(float a) { return sqrtf(a); }
inline float inversesqrt(float a) { return 1.0f / sqrtf(a); }
inline float exp(float a) { return expf(a); }
inline float log(float a) { return logf(a); }
inline float sin(float a) { return sinf(a); }
inline float cos(float a) { return cosf(a); }
inline float atan(float a, float b) { return atan2f(a, b); }
inline float pow(float a, float b) { return powf(a, b); }
inline float mod(float a, float b) { return a - b * floorf(a / b); }
inline float sign(float a) { return a > 0.0f ? 1.0f : a < 0.0f ? -1.0f : 0.0f; }
inline int sign(int a) { return (a > 0) - (a < 0); }
inline float clamp(float a, float low, float high) { return min(max(a, low), high); }
inline int clamp(int a, int low, int high) { return min(max(a, low), high); }
inline float mix(float a, float b, float part) { return a * (1.0f - part) + b * part; }
inline float mix(float a, float b, bool other) { return other ? b : a; }
#ifdef __CUDA_ARCH__
inline uint floatBitsToUint(float a) { return __float_as_uint(a); }
inline float uintBitsToFloat(uint a) { return __uint_as_float(a); }
#else
inline uint floatBitsToUint(float a) { return __builtin_bit_cast(uint, a); }
inline float uintBitsToFloat(uint a) { return __builtin_bit_cast(float, a); }
#endif

// -- of vectors, value by value

#define GLSL_EACH(name) \
    template <class T> v1<T> name(v1<T> a) { return v1<T>(name(a.x)); } \
    template <class T> v2<T> name(v2<T> a) { return v2<T>(name(a.x), name(a.y)); } \
    template <class T> v3<T> name(v3<T> a) { return v3<T>(name(a.x), name(a.y), name(a.z)); } \
    template <class T> v4<T> name(v4<T> a) { return v4<T>(name(a.x), name(a.y), name(a.z), name(a.w)); }
GLSL_EACH(abs) GLSL_EACH(floor) GLSL_EACH(ceil) GLSL_EACH(round) GLSL_EACH(fract) GLSL_EACH(sqrt) GLSL_EACH(inversesqrt)
GLSL_EACH(exp) GLSL_EACH(log) GLSL_EACH(sin) GLSL_EACH(cos) GLSL_EACH(sign)

#define GLSL_PAIRS(name) \
    template <class T> v1<T> name(v1<T> a, v1<T> b) { return v1<T>(name(a.x, b.x)); } \
    template <class T> v2<T> name(v2<T> a, v2<T> b) { return v2<T>(name(a.x, b.x), name(a.y, b.y)); } \
    template <class T> v3<T> name(v3<T> a, v3<T> b) { return v3<T>(name(a.x, b.x), name(a.y, b.y), name(a.z, b.z)); } \
    template <class T> v4<T> name(v4<T> a, v4<T> b) { \
        return v4<T>(name(a.x, b.x), name(a.y, b.y), name(a.z, b.z), name(a.w, b.w)); \
    } \
    template <class T, class U> v1<T> name(v1<T> a, U b) { return name(a, v1<T>(b)); } \
    template <class T, class U> v2<T> name(v2<T> a, U b) { return name(a, v2<T>(b)); } \
    template <class T, class U> v4<T> name(v4<T> a, U b) { return name(a, v4<T>(b)); }
GLSL_PAIRS(min) GLSL_PAIRS(max) GLSL_PAIRS(mod) GLSL_PAIRS(pow)

template <class V, class L, class H> V clamp(V a, L low, H high) { return min(max(a, low), high); }
template <class T> v2<T> mix(v2<T> a, v2<T> b, float part) { return a * (1.0f - part) + b * part; }
template <class T> v4<T> mix(v4<T> a, v4<T> b, float part) { return a * (1.0f - part) + b * part; }
template <class T> v1<T> mix(v1<T> a, v1<T> b, vec1 part) { return a * (1.0f - part) + b * part; }
template <class T> v4<T> mix(v4<T> a, v4<T> b, vec4 part) { return a * (1.0f - part) + b * part; }
template <class T> v1<T> mix(v1<T> a, v1<T> b, bvec1 o) { return o.x ? b : a; }
template <class T> v4<T> mix(v4<T> a, v4<T> b, bvec4 o) {
    return v4<T>(o.x ? b.x : a.x, o.y ? b.y : a.y, o.z ? b.z : a.z, o.w ? b.w : a.w);
}
inline uvec1 floatBitsToUint(vec1 a) { return uvec1(floatBitsToUint(a.x)); }
inline vec1 uintBitsToFloat(uvec1 a) { return vec1(uintBitsToFloat(a.x)); }
inline uvec4 floatBitsToUint(vec4 a) {
    return uvec4(floatBitsToUint(a.x), floatBitsToUint(a.y), floatBitsToUint(a.z), floatBitsToUint(a.w));
}
inline vec4 uintBitsToFloat(uvec4 a) {
    return vec4(uintBitsToFloat(a.x), uintBitsToFloat(a.y), uintBitsToFloat(a.z), uintBitsToFloat(a.w));
}

#define GLSL_COMPARE(name, op) \
    template <class T> bvec1 name(v1<T> a, v1<T> b) { return bvec1(a.x op b.x); } \
    template <class T> bvec2 name(v2<T> a, v2<T> b) { return bvec2(a.x op b.x, a.y op b.y); } \
    template <class T> bvec4 name(v4<T> a, v4<T> b) { return bvec4(a.x op b.x, a.y op b.y, a.z op b.z, a.w op b.w); }
GLSL_COMPARE(lessThan, <) GLSL_COMPARE(lessThanEqual, <=) GLSL_COMPARE(greaterThan, >) GLSL_COMPARE(greaterThanEqual, >=)
GLSL_COMPARE(equal, ==) GLSL_COMPARE(notEqual, !=)

inline bool all(bvec1 a) { return a.x; }
inline bool all(bvec2 a) { return a.x && a.y; }
inline bool all(bvec4 a) { return a.x && a.y && a.z && a.w; }
inline bool any(bvec2 a) { return a.x || a.y; }
inline bool any(bvec4 a) { return a.x || a.y || a.z || a.w; }
inline float dot(vec2 a, vec2 b) { return a.x * b.x + a.y * b.y; }
inline float dot(vec3 a, vec3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
inline float dot(vec4 a, vec4 b) { return a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w; }
inline float length(vec2 a) { return sqrtf(dot(a, a)); }
template <class T> bool operator==(v2<T> a, v2<T> b) { return a.x == b.x && a.y == b.y; }
template <class T> bool operator!=(v2<T> a, v2<T> b) { return !(a == b); }

// -- maps

#ifdef __CUDA_ARCH__
template <class T> T loaded(const T *at) { return __ldg(at); }
inline vec4 loaded(const vec4 *at) {
    float4 found = __ldg((const float4 *)at);
    return vec4(found.x, found.y, found.z, found.w);
}
#else
template <class T> T loaded(const T *at) { return *at; }
#endif

// One channel of a map of this shape.
inline vec1 channel_of(const float *map, ivec4 shape, int channel, ivec2 p) {
    return vec1(loaded(map + (p.y * shape.z + p.x) * shape.x + channel));
}

inline void put_channel(float *map, ivec4 shape, int channel, ivec2 p, vec1 value) {
    map[(p.y * shape.z + p.x) * shape.x + channel] = value.x;
}

// Four channels of a map of this shape; those past the last are zero. `fours`: its channels are a multiple of four.
template <bool fours> vec4 texel_of(const float *map, ivec4 shape, int tile, ivec2 p) {
    const float *at = map + (p.y * shape.z + p.x) * shape.x + tile * 4;
    if (fours) return loaded((const vec4 *)at);
    vec4 found(0.0f);
    for (int lane = 0; lane < 4; lane++) {
        if (tile * 4 + lane < shape.x) found[lane] = loaded(at + lane);
    }
    return found;
}

template <bool fours> void put_texel(float *map, ivec4 shape, int tile, ivec2 p, vec4 value) {
    float *at = map + (p.y * shape.z + p.x) * shape.x + tile * 4;
    if (fours) {
        *(vec4 *)at = value;
        return;
    }
    for (int lane = 0; lane < 4; lane++) {
        if (tile * 4 + lane < shape.x) at[lane] = value[lane];
    }
}

}  // namespace glsl
