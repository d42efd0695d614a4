// As torch.optim.Adam, and AdamW where weights decay by themselves. The means have grown to so much so far: one over 1 - beta1^step,
// and over the root of 1 - beta2^step, brings them to full.
#ifndef TOLD
uniform float u_beta1, u_beta2, u_eps, u_decay, u_decoupled, u_so_far1, u_so_far2;
#endif

vec4 moved(vec4 weight, inout vec4 mean, inout vec4 square, vec4 grad) {
    if (u_decoupled > 0.0) weight *= 1.0 - u_rate * u_decay;
    else grad += u_decay * weight;
    mean = mix(grad, mean, u_beta1);
    square = u_beta2 * square + (1.0 - u_beta2) * grad * grad;
    return weight - u_rate / u_so_far1 * mean / (sqrt(square) / u_so_far2 + u_eps);
}
