// A texture as it is.
layout(local_size_x = 16, local_size_y = 16) in;

layout(binding = 0) uniform sampler2D u_values;
layout(binding = 0) writeonly uniform image2D u_copy;

void main() {
    ivec2 at = ivec2(gl_GlobalInvocationID.xy);
    if (any(greaterThanEqual(at, textureSize(u_values, 0)))) return;
    imageStore(u_copy, at, texelFetch(u_values, at, 0));
}
