// The end of a convolution made by workgroups that share its long axis: each leaves parts of the same sums. The last to
// come adds them up, always in the same order; or a pass of its own does, lib/convolve_sum.glsl, where u_grid.x is less
// than zero: with FIRST_IN_MAP the first part then lies in the map itself, until that pass writes it. Counts say how many
// workgroups have been at a place; they are zero again behind the last.
//
// The includer has the macros THREAD_M, DEEP, OUTPUT_PLACE(i), the place in the output of a thread's i-th pixel, less
// than zero where there is none, and OUTPUT_TILE(n), its n-th tile; and UNBIASED where nothing is added to the sum,
// FOLLOWED where layers are fused into it, so that no pass adds parts up, and ONE_PART where nobody shares the axis.
// What is done with a texel is in a program once for each that a thread makes: what never runs would be half of it.

#ifndef ONE_PART
#include "lib/parts.glsl"

layout(std430, binding = 2) coherent buffer Counts { uint u_counts[]; };

shared bool s_is_last;
#endif

// A tile's texels one after the other: what its texels have in common is then worked out once.
#define FOR_EACH_TEXEL(BEGIN, EACH) \
    for (int n = 0; n < DEEP; n++) { \
        int tile = OUTPUT_TILE(n); \
        if (tile * 4 >= u_shape.x) continue; \
        BEGIN; \
        for (int i = 0; i < THREAD_M; i++) { \
            ivec2 p = OUTPUT_PLACE(i); \
            if (p.x >= 0) EACH; \
        } \
    }

void end(vec4 sum[THREAD_M * DEEP]) {
#ifndef ONE_PART
    if (parts > 1) {
#ifdef FOLLOWED
        const bool apart = false;
#else
        bool apart = u_grid.x < 0;
        if (apart && part < FIRST_IN_MAP) {
            FOR_EACH_TEXEL(begin_tile(tile), store_texel(p, sum[i * DEEP + n]))
            return;
        }
#endif
        int place = apart ? part - FIRST_IN_MAP : part;
        FOR_EACH_TEXEL({}, u_parts[part_place(place, tile, p)] = sum[i * DEEP + n])
        if (apart) return;
        memoryBarrierBuffer();
        barrier();
        if (me == 0) {
            int turns = turn.y * PHASES_W + turn.x;
            uint at = (uint(turns) * gl_NumWorkGroups.y + gl_WorkGroupID.y) * gl_NumWorkGroups.x + gl_WorkGroupID.x;
#ifdef UNBIASED
            at += uint(u_kernel_layout.x);
#endif
            s_is_last = atomicAdd(u_counts[at], 1u) == uint(parts - 1);
            if (s_is_last) u_counts[at] = 0u;
        }
        barrier();
        if (!s_is_last) return;
        memoryBarrierBuffer();
        for (int i = 0; i < THREAD_M * DEEP; i++) sum[i] = vec4(0.0);
        for (int other = 0; other < parts; other++) {
            FOR_EACH_TEXEL({}, sum[i * DEEP + n] += u_parts[part_place(other, tile, p)])
        }
    }
#endif
#ifdef UNBIASED
    FOR_EACH_TEXEL(begin_tile(tile), store_texel(p, sum[i * DEEP + n]))
#else
    FOR_EACH_TEXEL(begin_tile(tile); vec4 bias = vectors(0, tile), store_texel(p, sum[i * DEEP + n] + bias))
#endif
}
