// Adds so much of a map to another, or takes it in its place.
layout(local_size_x = 64) in;
layout(rgba32f, binding = 0) uniform image2D u_sum;
uniform sampler2D u_grad;
uniform float u_share, u_kept;

void main() {
    ivec2 size = imageSize(u_sum);
    int n = int((gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x) * 64u + gl_LocalInvocationIndex);
    if (n >= size.x * size.y) return;
    ivec2 at = ivec2(n % size.x, n / size.x);
    vec4 more = u_share * texelFetch(u_grad, at, 0);
    imageStore(u_sum, at, u_kept > 0.0 ? imageLoad(u_sum, at) + more : more);
}
