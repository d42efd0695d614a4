// Packed kernels: a vec4 over four output channels for every output tile, input tile, cell and input lane. (A cell is
// a tap, or the sum of those that read one pixel: studio/model/declared/taps.py.)
//
//   buffer   first + ((output tile * input tiles + input tile) * CELLS + cell) * 4 + input lane
//
//   texture  row     output tile * KERNEL_FOLDS + fold     (folds only where one row would pass the largest texture)
//            column  (input tile within the fold * CELLS + cell) * 4 + input lane
//
// u_kernel_layout = (input tiles an output tile reads, input tiles to a row or the first texel in the buffer, inputs to a
// group, outputs to a group)

#ifdef KERNEL_FOLDS
#define KernelPlace ivec2

#ifdef KERNEL_UNIT
layout(rgba32f, binding = KERNEL_UNIT) readonly uniform image2D u_kernel;
#else
uniform sampler2D u_kernel;
uniform vec2 u_kernel_texel;
uniform ivec4 u_kernel_layout;
#endif

ivec2 kernel_place(int output_tile, int j, int cell) {
#if KERNEL_FOLDS == 1
    return ivec2((j * CELLS + cell) * 4, output_tile);
#else
    int fold = j / u_kernel_layout.y;
    return ivec2(((j - fold * u_kernel_layout.y) * CELLS + cell) * 4, output_tile * KERNEL_FOLDS + fold);
#endif
}

#if defined(KERNEL_UNIT)
vec4 kernel_at(ivec2 place, int lane) { return imageLoad(u_kernel, place + ivec2(lane, 0)); }
#elif defined(KERNEL_SAMPLED)
vec4 kernel_at(ivec2 place, int lane) {
    return textureLod(u_kernel, (vec2(place) + vec2(float(lane) + 0.5, 0.5)) * u_kernel_texel, 0.0);
}
#else
vec4 kernel_at(ivec2 place, int lane) { return texelFetch(u_kernel, place + ivec2(lane, 0), 0); }
#endif

#else
#define KernelPlace int

layout(std430, binding = 0) readonly buffer Kernel { vec4 u_kernel[]; };

int kernel_place(int output_tile, int j, int cell) {
    return u_kernel_layout.y + ((output_tile * u_kernel_layout.x + j) * CELLS + cell) * 4;
}

vec4 kernel_at(int place, int lane) { return u_kernel[place + lane]; }
#endif

int first_input_tile(int output_tile) {
    int group = output_tile * 4 / u_kernel_layout.w;
    return group * u_kernel_layout.z / 4;
}

int input_tiles(int first) {
    return min(u_kernel_layout.x, (u_shape0.x + 3) / 4 - first);
}
