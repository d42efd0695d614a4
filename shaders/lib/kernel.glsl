// Packed kernels: a vec4 over four output channels for every output tile, input tile, tap and input lane.
//
//   row     output tile * KERNEL_FOLDS + fold        (folds only where one row would pass the largest texture)
//   column  ((input tile within the fold * taps + tap) * 4 + input lane)
//
// u_kernel_layout = (input tiles an output tile reads, input tiles to a row, inputs to a group, outputs to a group)

#define KERNEL_TAPS (KERNEL_SIZE_H * KERNEL_SIZE_W)

uniform sampler2D u_kernel;
uniform ivec4 u_kernel_layout;

int first_input_tile(int output_tile) {
    int group = output_tile * 4 / u_kernel_layout.w;
    return group * u_kernel_layout.z / 4;
}

int input_tiles(int first) {
    return min(u_kernel_layout.x, (u_shape0.x + 3) / 4 - first);
}

#ifndef TAP_STEP_H
#define TAP_STEP_H 1
#define TAP_STEP_W 1

ivec2 first_tap(ivec2 p) {
    return ivec2(0);
}
#endif

ivec2 kernel_place(int output_tile, int j, int tap) {
#if KERNEL_FOLDS == 1
    return ivec2((j * KERNEL_TAPS + tap) * 4, output_tile);
#else
    int fold = j / u_kernel_layout.y;
    return ivec2(((j - fold * u_kernel_layout.y) * KERNEL_TAPS + tap) * 4, output_tile * KERNEL_FOLDS + fold);
#endif
}

vec4 times_kernel(vec4 value, ivec2 at) {
    return texelFetch(u_kernel, at, 0) * value.x
         + texelFetch(u_kernel, at + ivec2(1, 0), 0) * value.y
         + texelFetch(u_kernel, at + ivec2(2, 0), 0) * value.z
         + texelFetch(u_kernel, at + ivec2(3, 0), 0) * value.w;
}
