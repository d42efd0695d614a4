// In place: each invocation reads and writes its own texel.
layout(local_size_x = 64) in;
layout(rgba32f, binding = 0) uniform image2D u_weight;
layout(rgba32f, binding = 1) uniform image2D u_first_slot;
layout(rgba32f, binding = 2) uniform image2D u_second_slot;

void main() {
    ivec2 size = imageSize(u_weight);
    int n = int((gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x) * 64u + gl_LocalInvocationIndex);
    if (n >= size.x * size.y) return;
    ivec2 at = ivec2(n % size.x, n / size.x);
    vec4 weight = imageLoad(u_weight, at), first = imageLoad(u_first_slot, at), second = imageLoad(u_second_slot, at);
    step_of(weight, first, second, at);
    imageStore(u_weight, at, weight);
    imageStore(u_first_slot, at, first);
    if (SLOTS > 1) imageStore(u_second_slot, at, second);
}
