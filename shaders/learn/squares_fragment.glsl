// Sums of squares: each fragment of the tensor's row leaves one.
out vec4 o_texel;
uniform sampler2D u_grad;

void main() {
    ivec2 size = textureSize(u_grad, 0);
    int count = size.x * size.y;
    vec4 sum = vec4(0.0);
    for (int n = int(gl_FragCoord.x); n < count; n += COLUMNS) {
        vec4 grad = texelFetch(u_grad, ivec2(n % size.x, n / size.x), 0);
        sum += grad * grad;
    }
    o_texel = sum;
}
