// Runs `texel` once for every texel of an atlas, as a compute shader.

layout(local_size_x = 8, local_size_y = 8) in;
layout(rgba32f, binding = 0) writeonly uniform image2D u_output;

void main() {
    ivec2 place = ivec2(gl_GlobalInvocationID.xy);
    int tile = int(gl_GlobalInvocationID.z);
    if (!inside(place, u_shape)) return;
    vec4 value = mix(vec4(0.0), texel(tile, place), live_lanes(u_shape, tile));
    imageStore(u_output, tile_origin(u_shape, tile) + place, value);
}
