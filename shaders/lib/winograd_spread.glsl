// What the points of lib/winograd.glsl see: of the input, an invocation for an input tile and a unit; of kernels,
// behind these along z, one for a lane of an input tile and an output tile.
#include "lib/winograd.glsl"
#include "lib/kernel.glsl"

// Left to itself the driver keeps loops of this one, which then takes three times as long.
#pragma optionNV(unroll all)

layout(local_size_x = 64) in;

#if RUN > 0
uint pair_of(float a, float b) {
#ifdef HALVES
    return pair_bits(a, b);
#else
    return packHalf2x16(vec2(a, b));
#endif
}

Point point_of(vec4 a, vec4 b) {
    return uvec4(pair_of(a.x, b.x), pair_of(a.y, b.y), pair_of(a.z, b.z), pair_of(a.w, b.w));
}
#else
#define point_of(a, b) a
#endif

void spread_input(int k, int unit) {
    int j = k / KERNELS, which = k - j * KERNELS;
    ivec2 first = LOW + ivec2(which % KERNELS_W, which / KERNELS_W);
    // No pixel past the last is asked for.
    ivec2 last = ((u_shape.zy + PHASES - 1) / PHASES - 1) * STEP + LOW + ivec2(REACH_W, REACH_H) - 1;
    vec4 seen[EACH * POINTS];
    for (int e = 0; e < EACH; e++) {
        int cell = min(EACH * unit + e, u_grid.z * u_grid.w - 1);
        ivec2 corner = ivec2(cell % u_grid.z, cell / u_grid.z) * 2 * STEP + first;
        for (int y = 0; y < 3; y++) {
            for (int x = 0; x < 3; x++) {
                ivec2 q = min(corner + ivec2(x, y) * STEP, last);
                seen[e * POINTS + y * 3 + x] = source(q) ? input_value(j, q) : vec4(0.0);
            }
        }
        for (int n = e * POINTS; n < e * POINTS + 9; n += 3) {
            seen[n] -= seen[n + 1];
            seen[n + 2] = seen[n + 1] - seen[n + 2];
        }
        for (int n = e * POINTS; n < e * POINTS + 3; n++) {
            seen[n] -= seen[n + 3];
            seen[n + 6] = seen[n + 3] - seen[n + 6];
        }
    }
    for (int point = 0; point < POINTS; point++) {
        u_points[seen_place(point, k, unit)] = point_of(seen[point], seen[(EACH - 1) * POINTS + point]);
    }
}

void spread_kernel(int unit) {
    int lane = unit % 4, turned = unit / 4 % turned_tiles, k = unit / 4 / turned_tiles;
    if (k >= rows) return;
    int j = k / KERNELS, which = k - j * KERNELS;
    int turn = turned / out_tiles, tile = turned - turn * out_tiles;
    Phase phase = phase_at(ivec2(turn % PHASES_W, turn / PHASES_W));
    ivec2 first = ivec2(which % KERNELS_W, which / KERNELS_W);
    vec4 seen[POINTS];
    for (int y = 0; y < 3; y += 2) {
        for (int x = 0; x < 3; x += 2) {
            ivec2 at = first + ivec2(x, y) / 2 * STEP;
            seen[y * 3 + x] = kernel_at(kernel_place(tile, j, phase.base + at.y * phase.count.x + at.x), lane);
        }
        seen[y * 3 + 1] = seen[y * 3] + seen[y * 3 + 2];
    }
    for (int x = 0; x < 3; x++) seen[3 + x] = seen[x] + seen[6 + x];
    for (int point = 0; point < POINTS; point++) {
        u_points[weight_place(point, k, turned, lane)] = point_of(seen[point], seen[point]);
    }
}

void main() {
    int at = int((gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x) * 64u + gl_LocalInvocationIndex);
    int k = int(gl_WorkGroupID.z);
    if (k >= rows) {
        spread_kernel((k - rows) * int(gl_NumWorkGroups.x * gl_NumWorkGroups.y * 64u) + at);
    } else if (at < units) {
        spread_input(k, at);
    }
}
