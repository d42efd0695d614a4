// A convolution by Winograd's F(2×2, 2×2): two outputs of a kernel of two, along one axis, with three products for four,
//
//       y0 = d0 g0 + d1 g1 = (d0 - d1) g0 + d1 (g0 + g1)
//       y1 = d1 g0 + d2 g1 = d1 (g0 + g1) - (d1 - d2) g1
//
// and so 2 × 2 outputs, a cell, with nine products for sixteen. Each of the nine, a point, is a product of matrices:
// (cells) × (input channels), times (input channels) × (output channels).
//
// A kernel of 2n at stride n is n × n kernels of two, each over every n-th pixel: n × n times as many input channels. The
// phases of a transposed one are so many times as many output channels: cells of a phase lie as far back as its kernel reads
// ahead, so that all phases see the same pixels.
//
//       1. lib/winograd_spread.glsl     what the points see of the input and of kernels
//       2. lib/winograd_multiply.glsl   their products
//       3. lib/winograd_gather.glsl     the output
//
// All of it lies in one buffer, whose numbers are those that lib/halves.glsl copies: four lanes of a cell in float32, or,
// where RUN is more than zero, of a pair of cells in float16. EACH cells, one or two, are a unit.
//
// u_grid = (1, columns of workgroups along N, cells across, down)
#include "lib/halves.glsl"
#include "lib/taps.glsl"

#define POINTS 9
#define KERNELS (KERNELS_W * KERNELS_H)

const ivec2 LOW = ivec2(LOW_W, LOW_H);

#if RUN > 0
#define Point uvec4
#else
#define Point vec4
#endif

layout(std430, binding = 1) buffer Points { Point u_points[]; };

int out_tiles = (u_shape.x + 3) / 4;
int turned_tiles = out_tiles * PHASES_W * PHASES_H;
int rows = u_kernel_layout.x * KERNELS;
int units = (u_grid.z * u_grid.w + EACH - 1) / EACH;

// What a point sees of an input tile, k, for a unit.
int seen_place(int point, int k, int unit) {
    return (point * rows + k) * units + unit;
}

// What it sees of the kernel between a lane of an input tile and an output tile, of all phases.
int weight_place(int point, int k, int tile, int lane) {
    return POINTS * rows * units + ((point * rows + k) * turned_tiles + tile) * 4 + lane;
}

// What comes of it.
int product_place(int point, int tile, int unit) {
    return POINTS * rows * (units + turned_tiles * 4) + (point * turned_tiles + tile) * units + unit;
}
