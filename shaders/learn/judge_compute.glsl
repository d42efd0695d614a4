// The norm of all gradients, by which they are brought down, and whether the step may be taken. A step that is not finite is not,
// nor any after it, until whoever reads what was said puts the flag back.
// u_told = (numbers that are said, columns of tiles that they lie in, sums of squares, 0)
#include "lib/nan.glsl"

layout(local_size_x = 256) in;
layout(std140, binding = 0) uniform Span { ivec4 u_told; };
layout(std430, binding = 2) readonly buffer Sums { float u_sums[]; };
#if SINGLE
layout(binding = 0) uniform sampler2D u_said_now;
float said(int n) { return texelFetch(u_said_now, tile_origin(ivec4(u_told.x, 1, 1, u_told.y), n / 4), 0)[n % 4]; }
#else
layout(std430, binding = 3) readonly buffer Said { float u_said[]; };
float said(int n) { return u_said[n]; }
#endif
layout(std430, binding = 4) buffer Verdict { float u_failed, u_down; };
layout(std430, binding = 5) writeonly buffer Outcome { float u_outcome[]; };

shared float s_sums[256];

void main() {
    int me = int(gl_LocalInvocationIndex);
    float sum = 0.0;
    for (int n = me; n < u_told.z; n += 256) sum += u_sums[n];
    s_sums[me] = sum;
    barrier();
    for (int half_of = 128; half_of > 0; half_of /= 2) {
        if (me < half_of) s_sums[me] += s_sums[me + half_of];
        barrier();
    }
    if (me > 0) return;
    float norm = sqrt(s_sums[0]);
    bool good = u_failed == 0.0 && !is_not_finite(vec4(norm)).x;
    for (int n = 0; n < u_told.x; n++) {
        float value = said(n);
        u_outcome[2 + n] = value;
        if (is_not_finite(vec4(value)).x) good = false;
    }
    u_outcome[0] = good ? 1.0 : 0.0;
    u_outcome[1] = norm;
    u_failed = good ? 0.0 : 1.0;
    u_down = norm > u_clip ? u_clip / norm : 1.0;
}
