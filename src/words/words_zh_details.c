#include "words/words_zh.h"

/* What goes with a decision: numbers, names, and what the others say. */
static const struct word details[] = {
    {"; ", "；"},
    {", ", "、"}, /* in lists only */
    {": ", "："},
    {"%s%s: %s", "%s%s：%s"},
    {"%s -> %s; ", "%s -> %s；"},

    /* -- how it ended, and what is next -- */
    {"the main process ended with exit code %d", "主进程已退出，退出码 %d"},
    {"the main process was ended by signal %d%s%s", "主进程被信号 %d%s 终止%s"},
    {" and dumped core", "，并产生了 core dump"},
    {"the unit is %s", "单元状态为 %s"},
    {" (result: %s)", "（结果：%s）"},
    {"; %u of %u restarts within %s used", "；%3$s 内的重启次数已用 %1$u/%2$u"},
    {"; %s in %s", "；%2$s 后%1$s"},
    {"next slow retry", "低频重试"},
    {"next start", "再次启动"},
    {"next try", "再次尝试"},
    {"; likely cause: %s", "；可能原因：%s"},
    {"; its last words: %s", "；最后的日志：%s"},
    {"acknowledged by %s", "由 %s 确认"},

    /* -- what keeps from acting -- */
    {"%s holds it until %s: %s", "%s 已暂停自动处理，至 %s：%s"},
    {"somebody", "有人"},
    {"the unit is masked: once dead, it could not be started again",
        "单元已被屏蔽（masked）：一旦停止就无法再启动"},
    {"a package manager is at work (%s)", "包管理器正在工作（%s）"},
    {"the hold is over", "自动处理已恢复"},
    {"the lease: %s", "租约：%s"},

    /* -- the broker's process -- */
    {"; its process: state %c", "；其进程：状态 %c"},
    {", no CPU time for %s", "，已有 %s 未占用 CPU"},
    {", %u %% of a processor used", "，占用单核 %u %%"},
    {", %u %% wanted", "，需要 %u %%"},
    {" (%u in a row)", "（连续 %u 次）"},

    /* -- what the others say -- */
    {"stands", "正常在位"},
    {"is called down by another member", "被其他成员视为宕机"},
    {"answers, but has not said lately who is running", "有应答，但近期没有报告哪些节点在运行"},
    {"answers, but does not run yet", "有应答，但尚未运行"},
    {"did not answer", "未应答"},
    {"it is the only member", "它是唯一的成员"},
    {"no member list is known yet", "尚未得知成员列表"},
    {"%s%s calls %s down", "%s%s 认为 %s 已宕机"},
    {", and %s calls %s down", "，而 %s 也认为 %s 已宕机"},
    {"%s%s itself reports a partition", "%s%s 自身报告了网络分区"},
    {"; %s does not answer", "；%s 无应答"},
    {"%zu of %zu members serve, %zu can be reached", "%2$zu 个成员中 %1$zu 个在提供服务，%3$zu 个可达"},

    /* -- the proof of a recovery -- */
    {"missing proof: %s", "尚缺恢复证据：%s"},
    {"missing proof: no partition (the broker's statistics do not tell yet)",
        "尚缺恢复证据：无网络分区（broker 的统计信息尚未给出）"},
    {" (%zu of %zu do)", "（%2$zu 个中已有 %1$zu 个）"},
    {" (the management API: %s)", "（管理 API：%s）"},
    {"the unit is active", "单元处于 active 状态"},
    {"the node lists itself as running", "节点将自己列为运行中"},
    {"the AMQP port answers with bytes", "AMQP 端口有数据应答"},
    {"no memory or disk alarm", "没有内存或磁盘告警"},
    {"a majority of the other living nodes list it as running", "其他存活节点的多数将它列为运行中"},
    {"no partition", "没有网络分区"},
    {"the virtual hosts are up", "各虚拟主机已就绪"},
    {"all of it stays so", "以上各项保持稳定"},
    {"all of it has stayed so", "以上各项已保持稳定"},

    /* -- problems that are told -- */
    {"memory", "内存"},
    {"disk", "磁盘"},
    {": %s used, the limit is %s", "：已用 %s，上限 %s"},
    {": free %s, the limit is %s", "：剩余 %s，下限 %s"},
    {"for %s; its status: %s", "已持续 %s；其状态：%s"},
    {"none", "无"},
    {"; not running, it may wait for: ", "；以下节点未运行，它可能在等待："},
    {"%s of %s: %s", "%2$s 的检查“%1$s”：%3$s"},
    {"systemd: the unit is %s; see the option unit", "systemd %s；请查看选项 unit"},
    {"not known there", "不认识该单元"},
    {"known", "已识别该单元"},
    {"the restart lease could not be had: %s; see the section lease",
        "曾无法取得重启租约：%s；请查看配置段 lease"},
    {"it can now", "现在可以取得"},
    {"it is written down again", "已恢复写入"},
    {"%u quorum queues have no leader", "%u 个仲裁队列没有领导者"},
    {"%u incidents lately; the last began with: ", "近期发生 %u 次故障；最近一次始于："},
    {"; if it does not resume with the others, run there: rabbitmqctl start_app; or restart the unit",
        "；如果其他节点恢复后它仍未恢复，请在该节点上执行：rabbitmqctl start_app；或重启该 systemd 单元"},
    {"rmqwatchd there has not answered for %s", "该节点上的 rmqwatchd 已有 %s 没有应答"},
    {": nothing listens on its port", "：其端口无人监听"},
    {"it answers again", "它已恢复应答"},
    {"the other agents are not asked any more", "不再询问其他节点的 rmqwatchd"},
    {"; its rmqwatchd does not answer either", "；其 rmqwatchd 也没有应答"},
    {"; it comes and goes: its end is told when it has stayed away for ten minutes",
        "；该问题反复出现：连续十分钟未再出现时才会通知结束"},
    {"the loop was %s late; older evidence is discarded", "事件循环延迟了 %s；此前的观察结果已作废"},
    {"%s; this node: %s; %s; %zu of %zu members serve; %s",
        "%1$s；本节点：%2$s；%3$s；%5$zu 个成员中 %4$zu 个在提供服务；%6$s"},
};

const struct word_list words_zh_details = WORD_LIST(details);
