// What a tiled convolution copies to shared memory and multiplies: texels of float32, or, where RUN is more than zero, pairs
// of float16, which GPUs multiply at once. A pair is the same lane of two pixels of a thread; of a kernel it is one weight
// twice, so that nothing has to change places between copy and product:
//
//       a pixel's texel     x  y  z  w       their copy   (x x') (y y') (z z') (w w')      a kernel's   (b b) (g g) (h h) (k k)
//       the next one's      x' y' z' w'
//
// RUN steps are added up in float16, and what comes of them in float32; with ALL_HALF in float16, too, which leaves registers
// for twice as many sums. Where the driver has no such type, HALVES is not defined, and float32 takes its place.

#if RUN > 0
#define EACH 2
// How many sums of pairs a thread has: of its pairs of pixels, its tiles and their lanes.
#define PAIRS (THREAD_M / 2 * DEEP * 4)
// The i-th pair of pixels is of the pixels 2i and 2i + 1.
#define ADD_PAIRS(pairs) \
    for (int i = 0; i < THREAD_M / 2; i++) { \
        for (int n = 0; n < DEEP; n++) { \
            for (int k = 0; k < 4; k++) { \
                sum[2 * i * DEEP + n][k] += float(pairs[(i * DEEP + n) * 4 + k].x); \
                sum[(2 * i + 1) * DEEP + n][k] += float(pairs[(i * DEEP + n) * 4 + k].y); \
            } \
        } \
    }

#ifdef HALVES
#define Pair f16vec2
#define Copy uvec4

uint pair_bits(float a, float b) { return packFloat2x16(f16vec2(a, b)); }

uvec4 copy_of(vec4 a, vec4 b) {
    return uvec4(pair_bits(a.x, b.x), pair_bits(a.y, b.y), pair_bits(a.z, b.z), pair_bits(a.w, b.w));
}

#define PAIR(copy, lane) unpackFloat2x16(copy[lane])
#else
#define Pair vec2
#define Copy Pairs

struct Pairs { vec4 a, b; };

Pairs copy_of(vec4 a, vec4 b) { return Pairs(a, b); }

#define PAIR(copy, lane) vec2(copy.a[lane], copy.b[lane])
#endif

#else
#define EACH 1
#define Copy vec4
#endif
