// Adds up for SPAN places of a line, which share what they read: each the values around it by the same weights.
//
// VALUE_AT(e) is the value e places behind the first, WEIGHTS_AT(e) a vec4: how much values e to e + 3 behind their place
// count, which is nothing further than `far` away. Values are read in order, four at once, of which each sum takes all: what
// a loop carries along is kept in memory.
#define ADD_ALONG(sum, far, VALUE_AT, WEIGHTS_AT) \
    { \
        vec4 before = vec4(0.0), earlier = vec4(0.0); \
        for (int e = -(far); e < (far) + SPAN; e += 4) { \
            vec4 now = WEIGHTS_AT(e); \
            float w[12] = float[](earlier.x, earlier.y, earlier.z, earlier.w, before.x, before.y, before.z, before.w, \
                                  now.x, now.y, now.z, now.w); \
            vec4 v0 = VALUE_AT(e), v1 = VALUE_AT(e + 1), v2 = VALUE_AT(e + 2), v3 = VALUE_AT(e + 3); \
            for (int k = 0; k < SPAN; k++) sum[k] += v0 * w[8 - k] + v1 * w[9 - k] + v2 * w[10 - k] + v3 * w[11 - k]; \
            earlier = before; \
            before = now; \
        } \
    }
