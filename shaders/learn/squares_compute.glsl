// Sums of squares: each workgroup leaves one in its column of the tensor's row.
layout(local_size_x = 64) in;
layout(rgba32f, binding = 0) writeonly uniform image2D u_sums;
uniform sampler2D u_grad;
uniform int u_row;

shared vec4 s_sums[64];

void main() {
    ivec2 size = textureSize(u_grad, 0);
    int me = int(gl_LocalInvocationIndex), count = size.x * size.y;
    vec4 sum = vec4(0.0);
    for (int n = int(gl_WorkGroupID.x) * 64 + me; n < count; n += int(gl_NumWorkGroups.x) * 64) {
        vec4 grad = texelFetch(u_grad, ivec2(n % size.x, n / size.x), 0);
        sum += grad * grad;
    }
    s_sums[me] = sum;
    barrier();
    for (int half_of = 32; half_of > 0; half_of /= 2) {
        if (me < half_of) s_sums[me] += s_sums[me + half_of];
        barrier();
    }
    if (me == 0) imageStore(u_sums, ivec2(gl_WorkGroupID.x, u_row), s_sums[0]);
}
